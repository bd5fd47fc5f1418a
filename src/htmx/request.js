/**
 * Who asks, from the headers alone. A boosted link or a restored history entry wants the whole page,
 * although htmx asks for it.
 *
 * @example requestFacts(new Headers({ accept: 'text/html, text/event-stream' })).streams // → true
 */
export function requestFacts(headers) {
    const is = (name) => headers.get(name) === 'true';
    const wholePage = is('HX-Boosted') ||
        is('HX-History-Restore-Request') ||
        headers.get('HX-Request-Type') === 'full';
    return {
        fragment: is('HX-Request') && !wholePage,
        streams: accepts(headers, 'text/event-stream'),
    };
}
/** Whether the client names this media type; a mere wildcard does not. */
export function accepts(headers, type) {
    return (headers.get('accept') ?? '')
        .toLowerCase()
        .split(',')
        .some((range) => {
        const [name, ...parameters] = range.split(';').map((part) => part.trim());
        return name === type && !parameters.includes('q=0');
    });
}
/** The headers by which an answer chooses its place in the page itself. A stream cannot use them: htmx ignores them there. */
export function placeHeaders(target, swap = 'outerHTML') {
    return { 'HX-Retarget': target, 'HX-Reswap': swap };
}
/** What htmx 4 with its extension says with every request. */
export const STREAMING_REQUEST = {
    accept: 'text/html, text/event-stream',
    'hx-request': 'true',
};
/** What the answer depends on, for caches. */
export const VARY = 'Accept, HX-Request';
