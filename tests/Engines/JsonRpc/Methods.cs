using System.Text.Json;
using System.Text.Json.Serialization;
using Events.JsonRpc;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>The methods that the tests call.</summary>
internal static partial class Methods
{
    private static readonly JsonRpcAnswer Pong = JsonRpcAnswer.Raw("\"pong\""u8.ToArray());

    internal static readonly IReadOnlyList<JsonRpcMethod> All =
    [
        new("ping", _ => new(Pong)),
        new("echo", call => new(JsonRpcAnswer.Result(
            call.Params.ValueKind == JsonValueKind.Undefined ? JsonElement.Parse("\"absent\"") : call.Params,
            Texts.Default.JsonElement))),
        new("subtract", Subtract),
        new("fail", _ => new(JsonRpcAnswer.Fail(new JsonRpcError(-32010, "Resource not found")))),
        new("throw", _ => throw new InvalidOperationException("a secret of the house")),
        new("throw_later", async _ =>
        {
            await Task.Yield();
            throw new InvalidOperationException("a secret of the house");
        }),
        new("wait", async call =>
        {
            await Task.Delay(Timeout.Infinite, call.Cancellation);
            return Pong;
        }),
        new("deaf", async _ =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), CancellationToken.None);
            return Pong;
        }),
        new("big", call => new(JsonRpcAnswer.Result(
            new string('x', call.Params.GetProperty("length").GetInt32()), Texts.Default.String))),
        new("notify", call => new(JsonRpcAnswer.Result(
            call.Connection.TryNotify("news", "{\"n\":1}"u8.ToArray()), Texts.Default.Boolean))),
        new("leave", call =>
        {
            call.Connection.Close(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, "As you wish.");
            return new(Pong);
        }),
        new("where", _ => new(JsonRpcAnswer.Result(Thread.CurrentThread.Name ?? "", Texts.Default.String))),
        new("admin", _ => new(Pong), "admin"),
    ];

    private static ValueTask<JsonRpcAnswer> Subtract(JsonRpcCall call)
    {
        if (call.Params.ValueKind != JsonValueKind.Object
            || !call.Params.TryGetProperty("minuend", out JsonElement minuend)
            || !call.Params.TryGetProperty("subtrahend", out JsonElement subtrahend))
        {
            return new(JsonRpcError.InvalidParams("minuend", "required", "Give two numbers."));
        }

        return new(JsonRpcAnswer.Result(minuend.GetInt32() - subtrahend.GetInt32(), Texts.Default.Int32));
    }

    [JsonSerializable(typeof(JsonElement))]
    [JsonSerializable(typeof(string))]
    [JsonSerializable(typeof(bool))]
    [JsonSerializable(typeof(int))]
    internal sealed partial class Texts : JsonSerializerContext;
}
