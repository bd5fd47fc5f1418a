import { listenWith } from '../task/swapstream-app.ts'

export default listenWith({}, true)
