// The reference in docs/cli.md, made from the commands themselves. `npm run docs` writes it; a test fails when it is stale.

const MARK = "<!-- from here on: npm run docs -->\n";

/** Columns of the help in the page. */
const WIDTH = 110;

function everyCommand(command) {
  return [command, ...command.commands.filter((one) => one.name() !== "help").flatMap(everyCommand)];
}

function pathOf(command) {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function helpOf(command) {
  let text = "";
  command.configureOutput({
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text.trim();
}

function settingsTable(settings, { flagName, environmentName }) {
  const rows = Object.entries(settings).map(
    ([name, { value, description }]) =>
      `| \`${flagName(name)} <${value}>\` | \`${environmentName(name)}\` | \`"${name}"\` | ${description} |`,
  );
  return ["| command line | environment | configuration file | |", "|---|---|---|---|", ...rows].join("\n");
}

/** The page with its reference made new; what stands before the mark is written by hand. */
export function cliPage(page, { program, settings, names }) {
  const [written] = page.split(MARK);
  const commands = everyCommand(program).map((one) => `### ${pathOf(one)}\n\n\`\`\`text\n${helpOf(one)}\n\`\`\`\n`);
  return `${written}${MARK}\n## Settings\n\n${settingsTable(settings, names)}\n\n## Every command\n\n${commands.join("\n")}`;
}
