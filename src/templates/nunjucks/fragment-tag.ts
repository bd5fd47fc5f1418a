import type { AstNode } from './internals.ts'

/**
 * `{% fragment name %}…{% endfragment %}`: a block that its page never renders. It is there to be rendered alone, next to the
 * markup it belongs to.
 *
 * The idea of fragments inside a page's template is htmx's (template fragments) and go-templ's; the tag is a block in a
 * condition that never holds.
 */
export const fragmentTag: object = {
  tags: ['fragment'],
  parse(parser: any, nodes: any): AstNode {
    const tag: AstNode = parser.peekToken()
    parser.nextToken()
    const name: AstNode = parser.parsePrimary()
    if (name.typename !== 'Symbol')
      parser.fail('fragment: a name was expected', tag.lineno, tag.colno)
    parser.advanceAfterBlockEnd('fragment')
    const body = parser.parseUntilBlocks('endfragment')
    parser.skipSymbol('endfragment')
    parser.skipSymbol(String(name['value']))
    parser.advanceAfterBlockEnd('endfragment')
    const node = (type: string, ...fields: unknown[]): AstNode =>
      new nodes[type](tag.lineno, tag.colno, ...fields)
    const block = node('Block', name, body)
    return node('If', node('Literal', false), node('NodeList', [block]), null)
  },
}
