// What all programs here share: they end with one line of JSON, also when something fails.

/** Runs named steps one after the other; a step that throws is reported under its name as { threw }. Then cleans up. */
export async function report(steps, cleanUp = async () => {}) {
  const results = {};
  for (const [name, step] of Object.entries(steps)) {
    try {
      results[name] = await within(step(), 20_000);
    } catch (failure) {
      results[name] = { threw: told(failure) };
    }
  }
  await cleanUp();
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}

/** The address of the server, e.g. http://127.0.0.1:5000/graphql. */
export function address() {
  const given = process.argv[2];
  if (!given) {
    process.stderr.write('Give the address of the server.\n');
    process.exit(2);
  }
  return given;
}

/** The same address for WebSockets. */
export const socketAddress = () => address().replace(/^http/, 'ws');

/** Takes at most `count` items of an async iterable, then leaves it. */
export async function take(iterable, count) {
  const items = [];
  for await (const item of iterable) {
    items.push(item);
    if (items.length >= count) break;
  }
  return items;
}

function told(failure) {
  if (Array.isArray(failure)) return { errors: failure };
  if (typeof failure?.code === 'number') return { code: failure.code, reason: String(failure.reason ?? '') };
  return { message: String(failure?.message ?? failure) };
}

function within(promise, ms) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
