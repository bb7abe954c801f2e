import { readFileSync } from 'node:fs';

/** Fails for what npm would install without a check: a package in the lockfile that has no `integrity`. */
const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);
const unchecked = Object.entries(packages).filter(([path, { integrity, inBundle, link }]) => {
  // a bundled package comes in the tarball of another, which is checked
  return path !== '' && !inBundle && !link && !integrity;
});
if (unchecked.length > 0) {
  throw new Error(
    `package-lock.json: expected an integrity for each package, got none for ${unchecked.map(([path]) => path).join(', ')}: ` +
      'delete these entries and run `npm install --package-lock-only`',
  );
}

interface LockedPackage {
  readonly integrity?: string;
  readonly inBundle?: boolean;
  readonly link?: boolean;
}
