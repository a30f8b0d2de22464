// What the product uses of typebox, in one place: the package is built with all of it in this one module,
// because its some 500 files take longer to load than all the rest of a start.
export type { Static, TObject, TSchema } from 'typebox'
export * as Type from 'typebox'
export { Compile, type Validator } from 'typebox/schema'
