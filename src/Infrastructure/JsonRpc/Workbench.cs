using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.ObjectPool;

namespace Events.JsonRpc;

/// <summary>
/// What is needed while a message is being answered, and only then: idle connections hold none, so a thousand of them cost
/// no more than their sockets.
/// </summary>
internal sealed class Workbench : IDisposable
{
    /// <summary>Room for the errors of a whole batch beyond the bound of its results; their ids come on top.</summary>
    private const int ErrorBytesReserve = 64 * 1024;

    /// <summary>No HTML is ever near this text, so only what JSON demands is escaped.</summary>
    internal static readonly JsonWriterOptions Writing = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>The reason that is no news to anyone: peers vanish all the time.</summary>
    internal const string ConnectionLost = "connection_lost";

    private CancellationTokenSource _budget = new();

    private Workbench(JsonRpcOptions options)
    {
        Answer = new PooledText(options.AnswerBytesMax + options.MessageBytesMax + ErrorBytesReserve);
        Writer = new Utf8JsonWriter(Answer, Writing);
    }

    internal PooledText Answer { get; }

    internal Utf8JsonWriter Writer { get; }

    /// <summary>Cancelled at the time limit, or when the connection or the server ends.</summary>
    internal CancellationToken Cancellation => _budget.Token;

    /// <summary>Set when a handler was left behind: it may still read the message, so that memory is not reused.</summary>
    internal bool HandlerLeftBehind { get; set; }

    /// <summary>Why it was cancelled, as the error's <c>reason</c>; null while it was not.</summary>
    internal string? CancelledBecause { get; private set; }

    /// <summary>The first reason stays. Callbacks run on the pool, so this can be called under a lock.</summary>
    internal void Cancel(string reason)
    {
        CancelledBecause ??= reason;
        _ = _budget.CancelAsync();
    }

    public void Dispose()
    {
        Answer.Dispose();
        Writer.Dispose();
        _budget.Dispose();
    }

    private void Clear()
    {
        Answer.Dispose();
        HandlerLeftBehind = false;
        CancelledBecause = null;
        if (!_budget.TryReset())
        {
            // Not disposed: a handler that was left behind may still hold its token.
            _budget = new CancellationTokenSource();
        }
    }

    internal sealed class Policy(JsonRpcOptions options) : IPooledObjectPolicy<Workbench>
    {
        public Workbench Create() => new(options);

        public bool Return(Workbench bench)
        {
            bench.Clear();
            return true;
        }
    }
}
