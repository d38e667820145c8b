// Answers requests by a file of cases: its schema, and its fixture by generic rules, without code for any one field.
// dotnet run --project tests/Engines/GraphQLConformance -- FILE
// One JSON request a line on standard input, {"query", "variables"?, "operationName"?}; one JSON answer a line on standard
// output, {"errors"?, "data"?} or {"responses": [...]}.
using System.Text;
using System.Text.Json;
using Events.Tests.GraphQLConformance;

if (args is not [string file])
{
    await Console.Error.WriteLineAsync("Usage: GraphQLConformance FILE");
    return 2;
}

using JsonDocument cases = JsonDocument.Parse(await File.ReadAllTextAsync(file));
var engine = new CaseEngine(cases.RootElement);
using var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
await using Stream output = Console.OpenStandardOutput();
while (await input.ReadLineAsync() is { } line)
{
    byte[] answer = await engine.AnswerAsync(line);
    await output.WriteAsync((byte[])[.. answer, (byte)'\n']);
    await output.FlushAsync();
}

return 0;
