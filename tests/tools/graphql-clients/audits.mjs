// The audits of graphql-http: { all: { total, ok, failed: [{ id, name, status, reason }] } }
import { auditServer } from 'graphql-http';
import { address, report } from './report.mjs';

await report({
  async all() {
    const results = await auditServer({ url: address() });
    const failed = results.filter(({ status }) => status !== 'ok');
    return {
      total: results.length,
      ok: results.length - failed.length,
      failed: failed.map(({ id, name, status, reason }) => ({ id, name, status, reason })),
    };
  },
});
