/** One measured value of a table: text, or a number with its digits after the point. */
export type Cell = string | number;

/** A Markdown table; numbers stand to the right. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const rule = heads.map((_, column) => (rows.every(row => isFigure(row[column])) ? '--:' : '---'));
  return [heads, rule, ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

/** A number with a fixed count of digits after the point. */
export function fixed(value: number, digits = 1): string {
  return value.toFixed(digits);
}

function isFigure(cell: Cell | undefined): boolean {
  return cell !== undefined && /^[\d.,–-]/.test(String(cell));
}
