/** How often a property is tried: a few times, or as often as `RUNS` says when one is looking for trouble. */
export const runsOf = (usual: number): number => Number(process.env['RUNS'] ?? usual)
