using System.Buffers;
using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Microsoft.Extensions.Logging.Abstractions;

namespace Events.Tests.GraphQLConformance;

/// <summary>The engine with the schema and fixture of a file of cases, and with the limits lifted that cases would meet.</summary>
internal sealed class CaseEngine
{
    /// <summary>More than any limit of the engine, which is to answer by itself.</summary>
    private const int NestingMax = 2_000;

    private readonly Executor _executor;

    /// <param name="file">An object with <c>schema</c> (SDL) and <c>fixture</c>.</param>
    internal CaseEngine(JsonElement file)
    {
        var fixture = new Fixture(file.GetProperty("fixture"));
        SchemaBuilder builder = SdlReader.Read(file.GetProperty("schema").GetString()!);
        builder.DefaultResolver = fixture.ResolveAsync;
        builder.DefaultTypeResolver = Fixture.TypeOf;
        if (builder.Roots.Subscription is { } root && builder.Types.Find(root) is GraphObject subscription)
        {
            foreach (GraphField field in subscription.Fields)
            {
                field.Subscribe = fixture.SubscribeAsync;
            }
        }

        var options = new ExecutorOptions
        {
            DepthMax = 200,
            CostMax = double.MaxValue,
            MessageOf = failure => failure.Message,
        };
        _executor = new Executor(builder.Build(), options, NullLogger.Instance);
    }

    /// <param name="line">A request as JSON.</param>
    /// <returns>An answer as JSON, in one line.</returns>
    internal async Task<byte[]> AnswerAsync(string line)
    {
        try
        {
            using JsonDocument request = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = NestingMax });
            return await AnswerAsync(request.RootElement);
        }
        catch (JsonException)
        {
            return [.. "{\"errors\":[{\"message\":\"The request is no JSON, or nested too deep.\"}]}"u8];
        }
    }

    internal async Task<byte[]> AnswerAsync(JsonElement request)
    {
        var call = new GraphQLCall(null, new RequestState(), GraphQLOperations.All);
        GraphQLResponse response = await _executor.ExecuteAsync(Read(request), call, CancellationToken.None);
        var output = new ArrayBufferWriter<byte>();
        if (response is GraphQLResult result)
        {
            result.WriteTo(output);
        }
        else
        {
            await WriteAsync((GraphQLResultStream)response, output);
        }

        return output.WrittenSpan.ToArray();
    }

    private static GraphQLRequest Read(JsonElement request) =>
        new(
            request.GetProperty("query").GetString(),
            request.TryGetProperty("operationName", out JsonElement name) ? name.GetString() : null,
            request.TryGetProperty("variables", out JsonElement variables) ? variables : null);

    /// <summary>A source that fails is told as a last response.</summary>
    private static async Task WriteAsync(GraphQLResultStream stream, ArrayBufferWriter<byte> output)
    {
        output.Write("{\"responses\":["u8);
        bool isFirst = true;
        try
        {
            await foreach (GraphQLResult result in stream.Results)
            {
                Append(result);
            }
        }
        catch (GraphQLStreamException failure)
        {
            Append(failure.Errors);
        }

        output.Write("]}"u8);

        void Append(GraphQLResult result)
        {
            output.Write(isFirst ? ""u8 : ","u8);
            isFirst = false;
            result.WriteTo(output);
        }
    }
}

/// <summary>What lasts for one request.</summary>
internal sealed class RequestState : IServiceProvider
{
    private int _late;

    /// <summary>What <c>$add</c> adds to.</summary>
    internal double Sum { get; set; }

    /// <summary>Counts what answers late.</summary>
    internal int NextLate() => _late++;

    public object? GetService(Type serviceType) => serviceType == typeof(RequestState) ? this : null;
}
