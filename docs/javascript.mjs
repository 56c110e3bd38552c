// Label texts with a bundle in Node: npm install onnxruntime-node @huggingface/tokenizers
//   node javascript.mjs BUNDLE < texts.jsonl      each line a JSON string; one line of JSON comes out for each
// In a browser the same runs with onnxruntime-web; files are fetched there instead of read.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import ort from "onnxruntime-node";
import { Tokenizer } from "@huggingface/tokenizers";

export class Predictor {
  static async load(bundle) {
    const json = (name) => JSON.parse(readFileSync(join(bundle, name), "utf8"));
    const made = new Predictor();
    made.manifest = json("handful.json");
    made.cut = json("tokenizer.json").truncation; // the tokenizer does not cut by itself here
    made.tokenizer = new Tokenizer(json("tokenizer.json"), {});
    const faster = { disable_specified_optimizers: "SkipLayerNormFusion" }; // one kernel that is slow on CPUs
    made.session = await ort.InferenceSession.create(join(bundle, "model.onnx"), {
      extra: { optimization: faster },
    });
    return made;
  }

  // Token ids of each window: the whole text if it is short, else overlapping parts, each with its special tokens.
  windows(text) {
    const bare = Array.from(this.tokenizer.encode(text, { add_special_tokens: false }).ids);
    const [before, after] = this.specialTokens();
    const length = this.cut.max_length - before.length - after.length;
    const found = [];
    for (let start = 0; found.length < (this.manifest.windows ?? 1); start += length - this.cut.stride) {
      found.push([...before, ...bare.slice(start, start + length), ...after]);
      if (start + length >= bare.length) break;
    }
    return found;
  }

  specialTokens() {
    const bare = Array.from(this.tokenizer.encode("a", { add_special_tokens: false }).ids);
    const full = Array.from(this.tokenizer.encode("a").ids);
    const at = full.findIndex((_, i) => bare.every((id, j) => full[i + j] === id));
    return [full.slice(0, at), full.slice(at + bare.length)];
  }

  // The mean over the text's windows, one number a class.
  async logits(text) {
    const all = [];
    for (const ids of this.windows(text)) {
      const dims = [1, ids.length];
      const feed = {
        input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), dims),
        attention_mask: new ort.Tensor("int64", new BigInt64Array(ids.length).fill(1n), dims),
      };
      all.push(Array.from((await this.session.run(feed)).logits.data));
    }
    return all[0].map((_, i) => all.reduce((sum, row) => sum + row[i], 0) / all.length);
  }

  // {label, scores}, for bundles whose "activation" is "softmax".
  async predict(text) {
    const logits = await this.logits(text);
    const most = Math.max(...logits);
    const parts = logits.map((x) => Math.exp(x - most));
    const total = parts.reduce((a, b) => a + b);
    const names = this.manifest.classes.map((item) => item.name);
    return {
      label: names[logits.indexOf(most)],
      scores: Object.fromEntries(names.map((name, i) => [name, parts[i] / total])),
    };
  }
}

if (process.argv[2]) {
  const model = await Predictor.load(process.argv[2]);
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await model.predict(JSON.parse(line))));
  }
}
