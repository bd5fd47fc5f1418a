/**
 * The script of a page, by its address: files of the installed `htmx.org` package, never copies of them.
 *
 * One script and not two: htmx reads the page as soon as it can, and would pass by every `hx-sse:connect` when its
 * extension arrives a moment later.
 */
export const HTMX_SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  '/swapstream/htmx.js': ['htmx.org/dist/htmx.min.js', 'htmx.org/dist/ext/hx-sse.min.js'],
}
