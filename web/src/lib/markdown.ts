import { Marked, type TokenizerAndRendererExtension, type Tokens } from 'marked';
import { citationAt, nextCitation } from './citations';
import { webUrl } from './format';

const NAMES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => NAMES[character] ?? '');
}

/** Turns `[n]` into buttons, for the citations that there are; any other number stays text. */
function citationMarks(known: ReadonlySet<number>): TokenizerAndRendererExtension {
  return {
    name: 'citation',
    level: 'inline',
    start: nextCitation,
    tokenizer(text) {
      const mark = citationAt(text);
      if (!mark || !known.has(mark.number)) return undefined;
      return { type: 'citation', raw: mark.raw, number: mark.number };
    },
    renderer(token) {
      const number = String(token['number']);
      return `<sup><button type="button" class="mark" data-n="${number}" aria-label="Citation ${number}">${number}</button></sup>`;
    },
  };
}

function reader(known: ReadonlySet<number>): Marked {
  return new Marked({
    extensions: [citationMarks(known)],
    // `[1]: …` at the start of a line is a citation mark too, not the definition of a link.
    tokenizer: { def: () => undefined },
    renderer: {
      html: ({ text, block }: Tokens.HTML | Tokens.Tag) => (block ? `<p>${escape(text)}</p>` : escape(text)),
      image: ({ text }) => escape(text),
      checkbox: ({ checked }) => (checked ? '[x] ' : '[ ] '),
      // The page's headings end at the question, an h2.
      heading({ tokens, depth }) {
        const level = Math.min(depth + 2, 6);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const url = webUrl(href);
        return url ? `<a href="${escape(url)}" target="_blank" rel="noopener noreferrer">${text}</a>` : text;
      },
    },
  });
}

/** The HTML of each block of a Markdown text: no HTML and no image from the text, links to the web only. */
export function toBlocks(text: string, known: ReadonlySet<number>): string[] {
  const marked = reader(known);
  return marked
    .lexer(text)
    .filter((token) => token.type !== 'space')
    .map((token) => marked.parser([token]));
}
