import { serve } from 'swapstream/node'
import { app } from './app.ts'

serve(app)
