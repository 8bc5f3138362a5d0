// Types for a TypeScript application, as graphql-codegen's client preset makes them of schema.graphql.

const text = { input: 'string', output: 'string' };

const config = {
  // Money is a string here too: a number would lose the last of it.
  scalars: { Money: text, Percent: text, Decimal: text, DateTime: text, Date: text, PhoneNumber: text },
  strictScalars: true,
  useTypeImports: true,
  enumsAsTypes: true,
};

export default {
  schema: '../../../schema.graphql',
  documents: ['desk.ts'],
  generates: {
    './__generated__/': { preset: 'client', config },
    // Every type of the schema, used or not.
    './__generated__/schema.ts': { plugins: ['typescript'], config },
  },
  emitLegacyCommonJSImports: false,
  importExtension: '.ts',
};
