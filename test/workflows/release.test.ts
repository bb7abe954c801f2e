import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '..', '..', '.github', 'workflows');
const workflows = readdirSync(FOLDER).map(file => [file, readFileSync(join(FOLDER, file), 'utf8')] as const);
const jobs = jobsIn(workflows.find(([file]) => file === 'release.yml')?.[1] ?? '');
const publishing = jobs.filter(([, job]) => /^ {4}environment:/m.test(job));

test.each(workflows)('%s runs actions of a commit only', (_, workflow) => {
  const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action);

  expect(actions.filter(action => !/@[0-9a-f]{40}$/.test(action ?? ''))).toEqual([]);
});

test('each registry has a job with its own environment', () => {
  expect(publishing.map(([name]) => name)).toEqual(['npm', 'pypi', 'nuget', 'maven', 'go']);
});

// a package that is fetched there without a hash could take the credentials
test.each(publishing)('the job %s fetches no package', (_, job) => {
  const scripts = [...job.matchAll(/scripts\/publish\/\w+\.sh/g)].map(([path]) => readFileSync(path, 'utf8'));

  expect([job, ...scripts].join('\n')).not.toMatch(
    /npx|dlx|bunx|npm (ci|i|install|exec|x)\b|pip3? |pipx|uvx|mvn|gradle|dotnet (tool|restore|add)|go (get|install|run)/,
  );
});

test.each(publishing)('the job %s publishes without scripts of packages', (_, job) => {
  for (const [line] of job.matchAll(/npm publish.*/g)) expect(line).toContain('--ignore-scripts');
});

function jobsIn(workflow: string): [string, string][] {
  const [, ...parts] = workflow.slice(workflow.indexOf('\njobs:')).split(/^ {2}(?=[\w-]+:$)/m);
  return parts.map(part => [part.slice(0, part.indexOf(':')), part]);
}
