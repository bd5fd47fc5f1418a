// nunjucks ships no types for its inner modules; `internals.ts` gives what it takes from here its own types.
declare module 'nunjucks/src/transformer.js' {
  const transformer: unknown
  export default transformer
}
