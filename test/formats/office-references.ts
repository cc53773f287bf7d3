const BODY = [
  'Field report',
  'The office sent five officers to survey the final stretch of the river. They were efficient, and the difficult flow was measured twice.',
  'Findings',
  'The water stood at 3.4 metres on the first day; it fell by “half a metre” overnight — nobody expected that. Café owners in Łódź and Zürich were asked, too.',
];
const NOTE = 'The note says that boats are hired in February.';
const ROWS = [
  'Station: North | Depth: 3.4 | Observer: Grace',
  'Station: South | Depth: 2.9 | Observer: Edsger',
];
const LAST = 'A second survey begins in March. Its plan has a note.';

const report = (items: readonly string[], rows: readonly string[], end: readonly string[]): string =>
  ['Field report', 'Ada Marsh', ...BODY, ...items, ...rows, 'Outlook', ...end].join('\n');

const SALES = [
  'Region: North | Units: 12 | Price: 3.5 | Day: 2026-03-01',
  'Region: South | Units: 7 | Price: 4.25 | Day: 2026-03-02',
  'Region: Łódź | Units: 31 | Price: 0.3 | Day: 2026-03-03',
].join('\n');
const SLIDES = [
  'Launch plan',
  'Goals',
  'The launch is planned for the ninth of May.',
  'Say that the date depends on the weather.',
  'Budget',
  'Item: Fuel | Cost: 1200',
  'Item: Crew | Cost: 3400',
].join('\n');
const COLUMNS = [
  'Two columns',
  ...Array.from({ length: 160 }, (_, at) => `This is sentence number ${at + 1} of the column text.`),
].join('\n');

const PLAIN = ['Gauge A is broken.', 'Gauge B works.'];

/** What a person reads in the files of test/fixtures/office, in the order of reading; rows of tables as lines. */
export const OFFICE_REFERENCES: Readonly<Record<string, string>> = {
  'report.docx': report(PLAIN, ROWS, [LAST, NOTE]),
  'report.odt': report(PLAIN, ROWS, [LAST, NOTE]),
  'report.rtf': report(PLAIN, ROWS, [LAST, NOTE]),
  'report.epub': report(
    ['- Gauge A is broken.', '- Gauge B works.'],
    ['Station | Depth | Observer', 'North | 3.4 | Grace', 'South | 2.9 | Edsger'],
    [`${LAST}1`, `1. ${NOTE}↩︎`],
  ),
  'report.pdf': report(['• Gauge A is broken.', '• Gauge B works.'], ROWS, [`${LAST}1`, `1 ${NOTE}`]),
  'slides.pptx': SLIDES,
  'slides.odp': SLIDES,
  'sales.xlsx': SALES,
  'sales.ods': SALES,
  'columns.pdf': COLUMNS,
};
