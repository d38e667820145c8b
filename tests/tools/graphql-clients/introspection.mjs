// graphql-js builds a client schema from our introspection: { types, sdl }
import { buildClientSchema, getIntrospectionQuery, printSchema, validateSchema } from 'graphql';
import { address, report } from './report.mjs';

await report({
  async schema() {
    const answer = await fetch(address(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({
        query: getIntrospectionQuery({
          descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true,
          inputValueDeprecation: true, oneOf: true,
        }),
      }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw errors;
    const schema = buildClientSchema(data);
    return {
      faults: validateSchema(schema).map(({ message }) => message),
      types: Object.keys(schema.getTypeMap()).filter((name) => !name.startsWith('__')).sort(),
      sdl: printSchema(schema),
    };
  },
});
