import { writing } from './raw.ts'

export default writing(3)
