export interface Puzzle {
  readonly id: string;
  readonly wanted: string;
  readonly shapes: readonly string[];
  readonly lifeMs: number;
}

export interface Appearance {
  readonly dynamicWidth?: boolean;
  readonly skipTitle?: boolean;
}

/** Puts a puzzle into the container; `onConfirm` gets the chosen positions. */
export function drawPuzzle(
  container: Element,
  puzzle: Puzzle,
  { dynamicWidth, skipTitle }: Appearance,
  onConfirm: (chosen: readonly string[]) => void,
): void {
  const form = element('form', { class: 'waf-puzzle' });
  form.style.width = dynamicWidth ? '100%' : '320px';
  const choices = element('fieldset', {}, element('legend', {}, `Choose all the ${puzzle.wanted}s`));
  for (const [index, shape] of puzzle.shapes.entries()) {
    const input = element('input', {
      type: 'checkbox',
      name: 'place',
      value: String(index),
      'aria-label': shape,
    });
    choices.append(element('label', {}, input, drawing(shape)));
  }
  const title = element('p', { class: 'waf-puzzle-title' }, 'Solve the puzzle');
  form.append(...(skipTitle ? [] : [title]), choices, element('button', {}, 'Confirm'));
  form.addEventListener('submit', event => {
    event.preventDefault();
    const chosen = new FormData(form).getAll('place').map(String);
    choices.disabled = true;
    onConfirm(chosen);
  });
  container.replaceChildren(element('style', {}, styles), form);
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const outlines: Readonly<Record<string, string>> = {
  circle: 'M50 20a30 30 0 1 0 .01 0z',
  square: 'M23 23h54v54h-54z',
  triangle: 'M50 18l34 60h-68z',
};

function drawing(shape: string): SVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const [svg, path] = [
    document.createElementNS(namespace, 'svg'),
    document.createElementNS(namespace, 'path'),
  ];
  svg.setAttribute('viewBox', '0 0 100 100');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', outlines[shape] ?? '');
  svg.append(path);
  return svg;
}

const styles = `
.waf-puzzle { box-sizing: border-box; max-width: 320px; padding: 16px; border: 1px solid #b6bec9; border-radius: 8px;
  background: #fff; color: #16191f; font: 16px/1.4 system-ui, sans-serif; }
.waf-puzzle-title { margin: 0 0 4px; font-weight: 600; }
.waf-puzzle fieldset { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; margin: 0 0 12px; padding: 0;
  border: 0; }
.waf-puzzle legend { margin-bottom: 10px; padding: 0; }
.waf-puzzle label { position: relative; display: block; border: 2px solid #d1d5db; border-radius: 6px; cursor: pointer; }
.waf-puzzle label:has(:checked) { border-color: #0b5cad; background: #e8f1fb; }
.waf-puzzle label:has(:focus-visible) { outline: 3px solid #0b5cad; outline-offset: 2px; }
.waf-puzzle input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.waf-puzzle svg { display: block; fill: #4a5568; }
.waf-puzzle button { width: 100%; padding: 10px; border: 0; border-radius: 6px; background: #0b5cad; color: #fff;
  font: inherit; cursor: pointer; }
.waf-puzzle button:focus-visible { outline: 3px solid #0b5cad; outline-offset: 2px; }
`;
