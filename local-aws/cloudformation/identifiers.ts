/** A source of chance: at least 0, below 1. */
export type Random = () => number;

/** A name as CloudFormation invents it, `<stack>-<logicalId>-<suffix>`, cut to `maxLength`. */
export function inventedName(stackName: string, logicalId: string, random: Random, maxLength = 255): string {
  const suffix = (digits(random, 36, 6) + digits(random, 36, 6)).toUpperCase();
  return `${`${stackName}-${logicalId}`.slice(0, maxLength - suffix.length - 1)}-${suffix}`;
}

export function uuid(random: Random): string {
  const hex = Array.from({ length: 5 }, () => digits(random, 16, 6)).join('');
  const [first, second, third, fourth] = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 15),
    hex.slice(15, 18),
  ];
  return `${first}-${second}-4${third}-8${fourth}-${hex.slice(18)}`;
}

function digits(random: Random, base: number, length: number): string {
  return Math.floor(random() * base ** length)
    .toString(base)
    .padStart(length, '0');
}
