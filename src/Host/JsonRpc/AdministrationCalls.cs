using System.Text.Json.Serialization;
using Events.Application;
using Events.Application.Contracts;
using Events.Host.ApiKeys;
using Events.Host.Users;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>What all methods of administration do the same way.</summary>
internal sealed class AdministrationCalls(ILog log, IReadModels views, ClientSessions sessions)
{
    public static (int Limit, int Offset) Paging(CallParams given) =>
        (given.OptionalInteger("limit", 1, AdministrationTable.LimitMax) ?? AdministrationTable.LimitUnasked,
            given.OptionalInteger("offset", 0, int.MaxValue) ?? 0);

    public static int? ExpectedVersion(CallParams given) => given.OptionalInteger("expected_version", 1, int.MaxValue);

    /// <summary>Sends a command on behalf of whoever calls.</summary>
    /// <param name="id">What the caller named, for not-found answers.</param>
    /// <returns>Null when it was done.</returns>
    public async Task<JsonRpcError?> SendAsync(JsonRpcCall call, string id, Func<Caller, Task<CommandResult>> send) =>
        ErrorOf(await send(sessions.Of(call.Connection).CallerNow()), id);

    /// <summary>The same, and shows what the command was about as it is then.</summary>
    /// <param name="show">Gives null where the views have nothing to show.</param>
    public async ValueTask<JsonRpcAnswer> AnswerAsync(
        JsonRpcCall call, string id, Func<Caller, Task<CommandResult>> send, Func<Task<JsonRpcAnswer?>> show)
    {
        CommandResult result = await send(sessions.Of(call.Connection).CallerNow());
        if (ErrorOf(result, id) is { } error)
        {
            return error;
        }

        // What made it "already so" may be newer than the views.
        bool isVisible = result.Position > 0
            ? result.IsVisible
            : await views.WaitForAsync(
                await log.HeadAsync(call.Cancellation), CommandBus.VisibilityTimeout, call.Cancellation);
        return isVisible && await show() is { } answer
            ? answer
            : LegacyErrors.Dependency("projections", "It is done, but the views lag behind. Look at it again shortly.");
    }

    private static JsonRpcError? ErrorOf(CommandResult result, string id) =>
        result switch
        {
            { Refusal: { } refusal } => LegacyErrors.ByFamily(refusal, id),
            { Failure: { } failure } => LegacyErrors.Dependency(failure.Dependency, failure.Why),
            _ => null,
        };
}

/// <summary>Shapes of administration, written as the legacy ones are.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ShownApiKey))]
[JsonSerializable(typeof(ShownApiKeys))]
[JsonSerializable(typeof(ShownSecret))]
[JsonSerializable(typeof(ShownUser))]
[JsonSerializable(typeof(ShownUsers))]
[JsonSerializable(typeof(ErasedUser))]
[JsonSerializable(typeof(ShownAccount))]
[JsonSerializable(typeof(SignedIn))]
[JsonSerializable(typeof(SecondFactorSecret))]
[JsonSerializable(typeof(SessionsEnded))]
internal sealed partial class AdministrationJson : JsonSerializerContext;
