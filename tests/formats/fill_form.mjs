// Fill PDF forms in with pdf.js, as Firefox does, and save them as it does.
// node fill_form.mjs LIBRARY < [{"from": …, "to": …, "answers": {FIELD: TEXT}}, …]
import { readFileSync, writeFileSync } from "node:fs";

globalThis.DOMMatrix = globalThis.ImageData = globalThis.Path2D = class {}; // a browser has them; nothing is drawn here
const { getDocument } = await import(`${process.argv[2]}/legacy/build/pdf.mjs`);

for (const { from, to, answers } of JSON.parse(readFileSync(0, "utf-8"))) {
  const pdf = await getDocument({ data: new Uint8Array(readFileSync(from)), verbosity: 0 }).promise;
  const fields = await pdf.getFieldObjects();
  for (const [name, text] of Object.entries(answers)) {
    for (const field of fields[name]) {
      if (field.type === "text") pdf.annotationStorage.setValue(field.id, { value: text });
      if (field.type === "checkbox") pdf.annotationStorage.setValue(field.id, { value: field.exportValues === text });
    }
  }
  writeFileSync(to, await pdf.saveDocument());
  await pdf.destroy();
}
