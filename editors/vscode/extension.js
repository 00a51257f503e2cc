// Starts the language server, `fnn lsp`, and connects the editor with it.
const vscode = require('vscode');
const { LanguageClient, TransportKind } = require('vscode-languageclient/node');

let client;

function create() {
    const command = vscode.workspace.getConfiguration('fnn').get('path') || 'fnn';
    const run = { command, args: ['lsp'], transport: TransportKind.stdio };
    return new LanguageClient('fnn', 'FeedbackNN', { run, debug: run }, {
        documentSelector: [{ scheme: 'file', language: 'fnn' }, { scheme: 'untitled', language: 'fnn' }],
        synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.fnn') },
    });
}

async function start() {
    client = create();
    try {
        await client.start();
    } catch (problem) {
        client = undefined;
        const settings = 'Open settings';
        const answer = await vscode.window.showErrorMessage(
            `The tool 'fnn' did not start (${problem.message ?? problem}). Install it with 'dotnet tool install --global FeedbackNN.Tool', or say in the settings where it is.`, settings);
        if (answer === settings) await vscode.commands.executeCommand('workbench.action.openSettings', 'fnn.path');
    }
}

async function stop() {
    const running = client;
    client = undefined;
    await running?.stop();
}

async function activate(context) {
    context.subscriptions.push(
        vscode.commands.registerCommand('fnn.restart', async () => {
            await stop();
            await start();
        }),
        vscode.workspace.onDidChangeConfiguration(async change => {
            if (!change.affectsConfiguration('fnn.path')) return;
            await stop();
            await start();
        }));
    await start();
}

module.exports = { activate, deactivate: stop };
