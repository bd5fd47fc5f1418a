import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { buildPackage, Follower, isFollowed } from './support/follow.ts'

const GUIDES = join(import.meta.dirname, '../../docs/guides')
const read = (guide: string): string => readFileSync(join(GUIDES, guide), 'utf8')
const guides = readdirSync(GUIDES).filter((name) => name.endsWith('.md') && isFollowed(read(name)))

let built: string
let follower: Follower
beforeAll(async () => void (built = await buildPackage()))
afterAll(() => rm(built, { recursive: true }))
afterEach(() => follower.end())

describe('followed word by word in an empty folder', () => {
  test.each(guides)('%s does what it says', async (guide) => {
    follower = new Follower(built)
    await expect(follower.follow(read(guide))).resolves.toBe(undefined)
  })
})
