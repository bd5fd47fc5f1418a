/** Models by name, over the AI SDK as an optional peer. */
export { llm } from './node/llm.ts'
export type { Llm, LlmCallOptions, LlmMessage, LlmOptions } from './node/llm.ts'
export { ollamaModels } from './node/model-providers.ts'
export type { OllamaModelsOptions } from './node/model-providers.ts'
export type { Environment } from './node/model-providers.ts'
