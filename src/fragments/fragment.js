const ID_SELECTOR = /^#[A-Za-z_][\w-]*$/;
/**
 * One block of a template with the context to draw it with: what a stream of fragments yields.
 *
 * A fragment is a state, not a change: the newest one of a block stands for all before it.
 *
 * Throws  TypeError when the target is not `#id`, or a swap has no target.
 *
 * @example yield new Fragment('chat.html', 'response', { text: 'Hello' })
 * @example yield new Fragment('feed.html', 'item', { item }, { target: '#feed', swap: 'afterbegin' })
 */
export class Fragment {
    template;
    block;
    context;
    target;
    swap;
    final;
    cut;
    grows;
    constructor(template, block, context = {}, options = {}) {
        const { target, swap, final = false, cut, grows } = options;
        if (target !== undefined && !ID_SELECTOR.test(target)) {
            throw new TypeError(`A fragment's target is one element by its id, such as "#answer"; it cannot be ${JSON.stringify(target)}.`);
        }
        if (swap !== undefined && target === undefined) {
            throw new TypeError(`A fragment with swap "${swap}" needs a target, such as { target: '#feed', swap: '${swap}' }.`);
        }
        this.template = template;
        this.block = block;
        this.context = context;
        this.target = target;
        this.swap = swap;
        this.final = final;
        this.cut = cut;
        this.grows = grows;
        Object.freeze(this);
    }
}
