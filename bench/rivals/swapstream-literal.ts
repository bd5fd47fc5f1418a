import { listenWith } from '../task/swapstream-app.ts'

export default listenWith({ frameMs: 0, updates: 'full' })
