/** Models by name, over the AI SDK as an optional peer. */
export { llm } from './adapters/llm.ts'
export type { Llm, LlmCallOptions, LlmMessage, LlmOptions } from './adapters/llm.ts'
export { ollamaModels } from './adapters/ollama-models.ts'
export type { OllamaModelsOptions } from './adapters/ollama-models.ts'
export type { Environment } from './adapters/model-settings.ts'
