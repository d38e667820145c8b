using Events.EventStore.Postgres;
using Events.EventStore.Projections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// Follows the log from behind and signs it. One host at a time does; others wait to take over. When the database contradicts
/// what was signed it stops and says so, until something that this rested on has changed: then it looks again.
/// </summary>
internal sealed partial class Sealer(
    Database database,
    EventStoreSchema schema,
    SealOptions options,
    IHeadsOutside outside,
    SealGate gate,
    Courtesy courtesy,
    TimeProvider time,
    ILogger<Sealer> logger)
    : BackgroundService, ISeals
{
    /// <summary>A fact is sealed within ten seconds; this leaves as much for the work itself.</summary>
    private static readonly TimeSpan SealPause = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long reading what waits is spread over while somebody appends. What comes meanwhile waits as long again, and both have
    /// to fit into the ten seconds.
    /// </summary>
    private static readonly TimeSpan ReadOver = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>After so many heads in a row that a foreign writer held back, it is worth a warning: half a minute.</summary>
    private const int HeldBackMax = 6;

    private volatile SealStatus _status = new(null, 0, 0, null, "Not looked yet.", IsRefused: false);
    private readonly Feed.Wakeup _again = new();
    private volatile SealGrounds? _grounds;
    private int _heldBack;
    private bool _isClockBack;

    public SealStatus Status => _status;

    public string? AppendsRefused => gate.Why;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool isRefused = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (isRefused)
                {
                    await WaitForOtherGroundsAsync(stoppingToken);
                    isRefused = false;
                }

                await RunAsync(stoppingToken);
                await Task.Delay(SealPause, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (SealRefusedException refused) when (!refused.IsPassing)
            {
                isRefused = true;
                NoteRefused(refused);
            }
            catch (Exception failed)
            {
                // Away, a full disk, a failing one or memory, a fact without a form: the log goes on, and sealing is tried again
                // from what is stored.
                bool isAway = Failure.IsAway(failed);
                string why = isAway ? Failure.Unavailable(failed).Message : failed.Message;
                if (isAway)
                {
                    gate.Wait(why);
                }
                else
                {
                    OpenUnlessSetBack();
                }

                _status = _status with { Trouble = why };
                Measures.SealsFailed.Add(1);
                LogFailed(why);
                await Task.WhenAny(Task.Delay(RetryPause, time, stoppingToken));
            }
        }
    }

    public async Task<SealFork> ForkAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!_status.IsRefused)
            {
                return new KeyFolder(options.Folder).UntoldFork()
                    ?? throw new InvalidOperationException("The log was not set back: there is nothing to fork.");
            }

            if (await GroundsAsync(cancellationToken) != _grounds)
            {
                LookAgain();
                throw new InvalidOperationException(
                    "Something has changed since the log was found set back, perhaps by a fork on another host, and is being "
                    + "looked at. Try again in some seconds if events audit status still says so then.");
            }

            await using NpgsqlConnection connection = await database.OpenSingleAsync(cancellationToken);
            SealFork fork = await SealingRun.ForkAsync(
                connection, new KeyFolder(options.Folder), options.HostName, outside, cancellationToken);
            gate.Open();
            _status = new SealStatus(fork.NewOrigin, fork.Size, 0, null, "Not looked yet.", IsRefused: false);
            LookAgain();
            return fork;
        }
        catch (Exception refused) when (refused is SealRefusedException or InvalidDataException)
        {
            throw new InvalidOperationException(refused.Message);
        }
    }

    public void ForkTold() => new KeyFolder(options.Folder).ForgetFork();

    public void LookAgain() => _again.Set();

    public SealKeys PrepareNextKey()
    {
        if (_status is not { Trouble: null, IsRefused: false, Origin: { } origin })
        {
            throw new InvalidOperationException(
                "The key is changed by the host that seals the log, while it does. "
                + (_status.Trouble ?? "Try again in a moment."));
        }

        try
        {
            KeyFolder folder = new(options.Folder);
            using Notes.NoteSigner present = folder.ReadKey(origin);
            using Notes.NoteSigner next = folder.NextKey(origin);
            using Notes.NoteSigner still = folder.ReadKey(origin);
            if (still.Key.ToString() != present.Key.ToString())
            {
                throw new InvalidOperationException("The key was changed at this moment. Try again.");
            }

            return new SealKeys(
                present.Key.ToString(), next.Key.ToString(), KeyRotation.Sign(present, next.Key));
        }
        catch (SealRefusedException refused)
        {
            throw new InvalidOperationException(refused.Message);
        }
    }

    /// <summary>Another look with the same outcome is nothing new to people.</summary>
    private void NoteRefused(SealRefusedException refused)
    {
        bool isKnown = _status.IsRefused && _status.Trouble == refused.Message;
        _status = _status with { Trouble = refused.Message, IsRefused = true };
        Measures.SealsRefused.Add(1);
        if (!isKnown)
        {
            LogRefused(refused.Message);
        }

        if (refused.IsSetBack)
        {
            gate.Shut(refused.Message);
        }
        else
        {
            OpenUnlessSetBack();
        }
    }

    /// <summary>What was found set back stays shut until a look finds it well, whatever else goes wrong meanwhile.</summary>
    private void OpenUnlessSetBack()
    {
        if (gate.Why is null)
        {
            gate.Open();
        }
    }

    /// <summary>
    /// Somebody may have adopted or forked on another host, or restored key and state. Looking again costs as much as a start, so
    /// it is done only when anything that it rests on is another than before. The look itself decides: nothing is signed that a
    /// host which is started anew would not sign.
    /// </summary>
    private async Task WaitForOtherGroundsAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _again.WaitAsync(SealPause, time, stoppingToken);
            try
            {
                if (await GroundsAsync(stoppingToken) != _grounds)
                {
                    return;
                }
            }
            catch (Exception away) when (Failure.IsAway(away) || away is SealRefusedException)
            {
                // It stays refused; who needs PostgreSQL or the folder for something says that it is away.
            }
        }
    }

    private Task<SealGrounds> GroundsAsync(CancellationToken cancellationToken)
    {
        string folder = new KeyFolder(options.Folder).Trace();
        return database.ReadAsync((connection, token) => SealGrounds.ReadAsync(connection, folder, token), cancellationToken);
    }

    /// <summary>Until it fails or the host stops; at once when another host is the sealer.</summary>
    private async Task RunAsync(CancellationToken stoppingToken)
    {
        await schema.ApplyOnceAsync(stoppingToken);

        // Before the look, so that what changes during it is looked at, too.
        _grounds = await GroundsAsync(stoppingToken);
        NpgsqlConnection connection = await database.OpenSingleAsync(stoppingToken);
        await using SealingRun? run =
            await SealingRun.OpenAsync(
                connection, new KeyFolder(options.Folder), options.HostName, outside, time, stoppingToken);
        gate.Open();
        if (run is null)
        {
            _status = _status with { Trouble = "Another host seals this log.", IsRefused = false };
            return;
        }

        while (true)
        {
            bool isMore = await run.SealAsync(stoppingToken, courtesy.IsBusy ? ReadOver : TimeSpan.Zero);
            NoteHeldBack(run);
            NoteClock(run);
            _status = new SealStatus(
                run.Origin,
                run.Size,
                run.LastSeq,
                run.SignedAt,
                _heldBack > HeldBackMax ? "A writer outside this program keeps a transaction open on the log." : null,
                IsRefused: false);
            if (!isMore)
            {
                await Task.Delay(SealPause, time, stoppingToken);
            }
        }
    }

    private void NoteHeldBack(SealingRun run)
    {
        _heldBack = run.IsHeldBack ? _heldBack + 1 : 0;
        if (_heldBack == HeldBackMax)
        {
            Measures.SealsHeldBack.Add(1);
            LogHeldBack(run.LastSeq);
        }
    }

    /// <summary>Told once for each step, not for each head until the clock has caught up.</summary>
    private void NoteClock(SealingRun run)
    {
        bool wasBack = _isClockBack;
        _isClockBack = run.SteppedBack > TimeSpan.Zero;
        if (_isClockBack && !wasBack)
        {
            Measures.ClockStepsBack.Add(1);
            LogClock(run.SteppedBack.TotalSeconds);
        }
    }

    [LoggerMessage(EventId = 4501, Level = LogLevel.Critical, Message = "The log is no longer sealed: {Why}")]
    private partial void LogRefused(string why);

    [LoggerMessage(EventId = 4502, Level = LogLevel.Warning, Message = "Sealing waits: {Why}")]
    private partial void LogFailed(string why);

    [LoggerMessage(
        EventId = 4503, Level = LogLevel.Warning, Message = "A foreign writer holds sealing back behind position {Position}")]
    private partial void LogHeldBack(long position);

    [LoggerMessage(
        EventId = 4505,
        Level = LogLevel.Warning,
        Message = "The clock is {Seconds:0} s behind the newest signed head; heads are dated a millisecond apart meanwhile")]
    private partial void LogClock(double seconds);
}
