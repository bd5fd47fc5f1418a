/** The scripts a page needs, by their address: files of the installed `htmx.org` package, never copies of them. */
export const HTMX_SCRIPTS: Readonly<Record<string, string>> = {
  '/swapstream/htmx.js': 'htmx.org/dist/htmx.min.js',
  '/swapstream/hx-sse.js': 'htmx.org/dist/ext/hx-sse.min.js',
}
