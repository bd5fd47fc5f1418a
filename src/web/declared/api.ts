/** Declared routes, as the doors let them out. */
export { stream } from './stream.ts'
export type { StreamDefinition, StreamRoute } from './definition.ts'
export { mount } from './mount.ts'
export type { MountOptions } from './mount.ts'
export { bearer } from './bearer.ts'
export { ipAllow } from './ip-allow.ts'
export type { Guard } from './guard.ts'
export type { Schema } from '../../shared/schema.ts'
