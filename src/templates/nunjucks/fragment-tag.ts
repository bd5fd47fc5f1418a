import type { AstNode } from './internals.ts'

interface TagParser {
  peekToken(): { lineno: number; colno: number; value: string }
  nextToken(): unknown
  parsePrimary(): AstNode
  advanceAfterBlockEnd(name?: string): unknown
  parseUntilBlocks(...names: string[]): AstNode
  skipSymbol(name: string): boolean
  fail(message: string, line?: number, column?: number): never
}
type NodeClasses = Record<
  string,
  new (line: number, column: number, ...fields: unknown[]) => AstNode
>

/**
 * `{% fragment name %}…{% endfragment %}`: a block that its page never draws. It is there to be drawn alone, next to the
 * markup it belongs to.
 *
 * The idea of fragments inside a page's template is htmx's (template fragments) and go-templ's; the tag is a block in a
 * condition that never holds.
 */
export const fragmentTag: object = {
  tags: ['fragment'],
  parse(parser: TagParser, nodes: NodeClasses): AstNode {
    const tag = parser.peekToken()
    const { lineno, colno } = tag
    parser.nextToken()
    const name = parser.parsePrimary()
    if (name.typename !== 'Symbol') parser.fail('fragment: a name was expected', lineno, colno)
    parser.advanceAfterBlockEnd('fragment')
    const body = parser.parseUntilBlocks('endfragment')
    parser.skipSymbol('endfragment')
    parser.skipSymbol(String(name['value']))
    parser.advanceAfterBlockEnd('endfragment')
    const node = (type: string, ...fields: unknown[]): AstNode =>
      new nodes[type]!(lineno, colno, ...fields)
    const block = node('Block', name, body)
    return node('If', node('Literal', false), node('NodeList', [block]), null)
  },
}
