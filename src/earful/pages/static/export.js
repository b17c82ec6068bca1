// A stored conversation as text, Markdown, SRT or JSON. Messages are {text, speaker, start, end}.

import { clock } from "./dom.js";

const KINDS = [["questions", "Questions"], ["actionItems", "Action items"], ["followUps", "Follow-ups"]];

function turns(messages) {
  const all = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (last && last.speaker === message.speaker && message.start - last.end <= 6) {
      last.text += ` ${message.text}`;
      last.end = message.end;
    } else all.push({ ...message });
  }
  return all;
}

function srtTime(seconds) {
  const ms = Math.round(seconds * 1000);
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  return `${two(ms / 3600000)}:${two((ms / 60000) % 60)}:${two((ms / 1000) % 60)},${String(ms % 1000).padStart(3, "0")}`;
}

const escaped = (text) => text.replace(/[\\`*_[\]<>#|]/g, "\\$&");

/** What each format is called, and how a conversation is written in it. */
export const formats = {
  txt: {
    type: "text/plain",
    write: ({ messages }) =>
      turns(messages).map(({ start, speaker, text }) => `[${clock(start)}] ${speaker ? `${speaker}: ` : ""}${text}`).join("\n") + "\n",
  },
  md: {
    type: "text/markdown",
    write: ({ name, messages, topics, findings }) => {
      const parts = [`# ${escaped(name)}`];
      if (topics.length) parts.push("## Topics", topics.map(({ text }) => `- ${escaped(text)}`).join("\n"));
      for (const [key, title] of KINDS) {
        if (findings[key].length) parts.push(`## ${title}`, findings[key].map(({ text }) => `- ${escaped(text)}`).join("\n"));
      }
      parts.push("## Transcript");
      for (const { start, speaker, text } of turns(messages)) {
        parts.push(`**${speaker ? `${escaped(speaker)}, ` : ""}${clock(start)}** ${escaped(text)}`);
      }
      return `${parts.join("\n\n")}\n`;
    },
  },
  srt: {
    type: "application/x-subrip",
    write: ({ messages }) =>
      messages
        .map(({ start, end, speaker, text }, index) =>
          `${index + 1}\n${srtTime(start)} --> ${srtTime(Math.max(end, start + 0.001))}\n${speaker ? `${speaker}: ` : ""}${text}\n`)
        .join("\n"),
  },
  json: {
    type: "application/json",
    write: ({ stored }) => `${JSON.stringify(stored, null, 2)}\n`,
  },
};

/** Hand a text to the person as a file. */
export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
