/** Models by name, over the AI SDK as an optional peer. */
export { llm } from './adapters/llm.ts'
export type { Llm, LlmCallOptions, LlmMessage, LlmOptions } from './adapters/llm.ts'
