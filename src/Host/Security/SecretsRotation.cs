using Events.Application.Contracts;
using Events.EventStore;

namespace Events.Host.Security;

/// <summary>What a change of the key came to.</summary>
/// <param name="Changed">Secrets that were encrypted anew.</param>
/// <param name="Unreadable">Those that no key opens, and did not before; they are left as they are.</param>
internal sealed record SecretsRotated(long Changed, long Unreadable);

/// <summary>Other hosts serve the database. They read their keys at their start: what they write now would be lost.</summary>
internal sealed class OtherHostsException(int count) : Exception(
    (count == 1 ? "Another host serves this database and writes" : $"{count} other hosts serve this database and write")
    + " under the key that is there now. Stop what else runs, ask again, and start it afterwards.");

/// <summary>
/// Encrypts every secret in the database under another key: cameras' passwords, hashes of users' passwords, second factors and
/// keys of recordings. Wherever it breaks off, both keys are there, and asking again or the next start goes on.
/// </summary>
internal sealed partial class SecretsRotation(
    ProtectedValues values,
    SealedValues secrets,
    SecretsKeys keys,
    IConnectedHosts hosts,
    TimeProvider time,
    ILogger<SecretsRotation> logger)
    : BackgroundService
{
    /// <summary>Rows held in memory at a time; each has a few hundred bytes.</summary>
    private const int PageRows = 200;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Whether a change may begin.</summary>
    /// <exception cref="OtherHostsException">Another host runs.</exception>
    public async Task EnsureAloneAsync(CancellationToken cancellationToken)
    {
        if (await hosts.CountOthersAsync(cancellationToken) is > 0 and int others)
        {
            throw new OtherHostsException(others);
        }
    }

    /// <summary>Begins a change, or goes on with one, and carries it through.</summary>
    /// <exception cref="DependencyUnavailableException">The database is away. Both keys are kept; ask again.</exception>
    /// <exception cref="OtherHostsException">Another host has started meanwhile. The same.</exception>
    public async Task<SecretsRotated> RunAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await keys.BeginAsync(cancellationToken);
            await EnsureAloneAsync(cancellationToken);
            return await FinishAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (keys.IsChanging)
        {
            try
            {
                await RunAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (e is DependencyUnavailableException or IOException or OtherHostsException)
            {
                LogRetry(e.Message);
                await Task.Delay(RetryPause, time, stoppingToken);
            }
        }
    }

    /// <summary>One pass is enough: since the change began, all that is written is written under the next key.</summary>
    private async Task<SecretsRotated> FinishAsync(CancellationToken cancellationToken)
    {
        (long changed, long unreadable) = (0, 0);
        string after = string.Empty;
        while (await values.PageAsync(after, PageRows, cancellationToken) is { Count: > 0 } page)
        {
            List<RenewedValue> renewed = [];
            foreach ((string name, byte[] value) in page)
            {
                if (!secrets.TryRenew(name, value, out byte[]? anew))
                {
                    unreadable++;
                    LogUnreadable(name);
                }
                else if (anew is not null)
                {
                    renewed.Add(new RenewedValue(name, value, anew));
                }
            }

            // What was written or deleted meanwhile is under the next key, or gone, and stays so.
            changed += renewed.Count > 0 ? await values.ReplaceAsync(renewed, cancellationToken) : 0;
            after = page[^1].Name;
        }

        keys.Finish();
        LogDone(changed, unreadable);
        return new SecretsRotated(changed, unreadable);
    }

    [LoggerMessage(2961, LogLevel.Information,
        "Another key for secrets: {Changed} encrypted anew, {Unreadable} that no key opens")]
    private partial void LogDone(long changed, long unreadable);

    [LoggerMessage(2962, LogLevel.Warning, "The secret {Name} is under none of the keys; it is left as it is")]
    private partial void LogUnreadable(string name);

    [LoggerMessage(2963, LogLevel.Warning, "The change of the key for secrets goes on later: {Why}")]
    private partial void LogRetry(string why);
}
