import { read, section, table } from './markdown';

const bench = read('bench/README.md');
const [, text = ''] = /Measured by `npm run bench`(.*?)\n\n/s.exec(read('README.md')) ?? [];
const quoted = text.replace(/\s+/g, ' ');

/** The rows of one way or number in the tables of a section that begin with this heading. */
function rowsOf(name: string, title: string, heading: string): string[][] {
  return table(section(bench, title), heading).filter(([first]) => first === name);
}

test('the README quotes cold starts as they were measured', () => {
  const [, node20, node24] = rowsOf('AwsCustomResource', 'Handler', 'handler').map(row => row[4]);

  expect(quoted).toContain(
    `takes ${node20} times as long as with \`AwsCustomResource\` on Node.js 20, and ${node24} times on Node.js 24`,
  );
});

test('and resources', () => {
  const [ours, rival] = ['**ours**', 'AwsCustomResource'].map(
    name => rowsOf(name, 'Template and synthesis', 'way')[0]?.[2],
  );

  expect(quoted).toContain(`adds ${ours} resource to the template (${rival} with \`AwsCustomResource\`)`);
});

test('and a full stack', () => {
  const rows = rowsOf('490', 'Creation of N keys in an account with 2,000 others', 'N');

  expect(rows.map(row => `490 keys in one stack are created at ${row[3]} s each`)).toContainEqual(
    /490 keys .*? s each/.exec(quoted)?.[0],
  );
  expect(rows.map(row => row[5])).toEqual(['0', '0']);
});
