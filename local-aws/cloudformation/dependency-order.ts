type Dependencies = ReadonlyMap<string, readonly string[]>;

/** Runs `work` for each node after all that it depends on; what is independent runs at the same time. */
export async function inDependencyOrder(dependencies: Dependencies, work: (id: string) => Promise<void>) {
  const started = new Map<string, Promise<void>>();
  const start = (id: string): Promise<void> => {
    const running =
      started.get(id) ?? Promise.all((dependencies.get(id) ?? []).map(start)).then(() => work(id));
    started.set(id, running);
    return running;
  };
  await Promise.all([...dependencies.keys()].map(start));
}

/** The same arrows the other way round, among the nodes given. */
export function reversed(dependencies: Dependencies): Dependencies {
  const dependents = new Map<string, string[]>([...dependencies.keys()].map(id => [id, []]));
  for (const [id, others] of dependencies) {
    for (const other of others) dependents.get(other)?.push(id);
  }
  return dependents;
}

/** Nodes that wait for each other, if there are any. */
export function findCycle(dependencies: Dependencies): string[] | undefined {
  const left = new Map(dependencies);
  for (;;) {
    const free = [...left].filter(([, others]) => others.every(other => !left.has(other)));
    if (free.length === 0) return left.size > 0 ? [...left.keys()] : undefined;
    for (const [id] of free) left.delete(id);
  }
}
