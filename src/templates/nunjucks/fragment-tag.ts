import { type AstNode, makeNode } from './internals.ts'

/**
 * `{% fragment name %}…{% endfragment %}`: a block that its page never renders. It is there to be rendered alone, next to the
 * markup it belongs to.
 *
 * The idea of fragments inside a page's template is htmx's (template fragments) and go-templ's; the tag is a block in a
 * condition that never holds.
 */
export const fragmentTag: object = {
  tags: ['fragment'],
  parse(parser: any): AstNode {
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
    const block = makeNode('Block', tag, name, body)
    const never = makeNode('Literal', tag, false)
    return makeNode('If', tag, never, makeNode('NodeList', tag, [block]), null)
  },
}
