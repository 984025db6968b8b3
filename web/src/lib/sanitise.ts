import DOMPurify from 'dompurify';

const TAGS =
  'a blockquote br button code del em h3 h4 h5 h6 hr li ol p pre strong sup table tbody td th thead tr ul'.split(' ');
const ATTRIBUTES = ['class', 'data-n', 'href', 'rel', 'start', 'target', 'type'];

/** Lets through only what `toBlocks` writes; the second lock on the same door. */
export function sanitise(html: string): string {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== 'href'),
    ALLOWED_URI_REGEXP: /^https?:/i,
  });
}
