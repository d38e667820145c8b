using System.Net;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Devices;
using Events.Media.Live;
using Events.Media.Mp4;
using Microsoft.Extensions.Logging;

namespace Events.Media.Ingest;

/// <summary>
/// Keeps one camera coming in: starts ffmpeg, reads it on a thread of its own, watches that pictures keep arriving (a frozen
/// camera leaves ffmpeg waiting for ever, and its exit code 0 means nothing), and begins again after a pause.
/// </summary>
internal sealed partial class CameraIngest(
    CameraTarget target,
    CameraFeed feed,
    MediaOptions options,
    IChildProcesses processes,
    TimeProvider time,
    ILogger logger)
{
    private const int Terminate = 15;
    private const int Kill = 9;

    /// <summary>In bytes. The reading threads hold no deep stack, and there are two for each camera.</summary>
    private const int StackBytes = 256 * 1024;

    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>A watch that comes this late means that the whole host stood still, not the camera.</summary>
    private static readonly TimeSpan HostStallMin = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan TerminateGrace = TimeSpan.FromSeconds(2);

    /// <summary>Pictures for so long make a connection a good one.</summary>
    private static readonly TimeSpan GoodMin = TimeSpan.FromSeconds(10);

    private readonly string _name = target.Number.ToString();
    private bool _probesWell;

    /// <summary>In a row, and without a picture.</summary>
    private int _darkAttempts;

    private IngestProcess? _process;

    /// <summary>Why the last attempt ended; null before that. For people, without credentials.</summary>
    public string? LastTrouble { get; private set; }

    /// <summary>What may be pulled out and plugged in again.</summary>
    public SourceDevice Device { get; } = new(target.Source, options.DeviceFolder);

    /// <summary>Null between two attempts.</summary>
    public IngestProcess? Process => Volatile.Read(ref _process);

    /// <summary>Runs until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options.BackoffMin, options.BackoffMax, Random.Shared.NextDouble);
        while (!cancellationToken.IsCancellationRequested)
        {
            long started = time.GetTimestamp();
            Task changed = Device.Changed;
            Attempt attempt = await TryOnceAsync(cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            LastTrouble = attempt.Why;
            feed.Lost(attempt.Why, isReported: true);
            if (attempt.FirstFrameTimestamp is long first && time.GetElapsedTime(first) >= GoodMin)
            {
                backoff.Reset();
            }

            // A camera that says little of itself fails at once and every time: look longer next time.
            _probesWell = attempt.FirstFrameTimestamp is null && !_probesWell;
            _darkAttempts = attempt.FirstFrameTimestamp is null ? _darkAttempts + 1 : 0;
            TimeSpan pause = backoff.Next();
            double afterS = time.GetElapsedTime(started).TotalSeconds;
            double pauseS = pause.TotalSeconds;
            LogEnded(_name, attempt.Why, afterS, pauseS);
            if (await IsPluggedInAsync(pause, changed, cancellationToken))
            {
                backoff.Reset();
            }
        }
    }

    /// <summary>Waits for the pause, or until the camera's device is there and was not before.</summary>
    private async Task<bool> IsPluggedInAsync(TimeSpan pause, Task changed, CancellationToken cancellationToken)
    {
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task rest = Task.Delay(pause, time, awake.Token);
        while (await Task.WhenAny(rest, changed) == changed)
        {
            if (!Device.IsUnplugged)
            {
                await awake.CancelAsync();
                return true;
            }

            changed = Device.Changed;
        }

        return false;
    }

    private async Task<Attempt> TryOnceAsync(CancellationToken cancellationToken)
    {
        var tail = new ErrorTail(target.Credentials);
        try
        {
            SourceUrl source = SourceArguments.Opened(target.Source, target.Credentials);
            SourceRoute route = await options.Sources.RouteAsync(source, cancellationToken);
            if (route.Refusal is { } refusal)
            {
                return new Attempt(refusal, null);
            }

            // Each of the name's addresses in turn, and each with a short and a long look.
            IPAddress? at = route.Addresses is { Count: > 0 and int count } ? route.Addresses[_darkAttempts / 2 % count] : null;
            IngestCommand command = SourceArguments.For(source, target.Credentials, at, _probesWell);
            if (Device.IsUnplugged)
            {
                return new Attempt("The device is not plugged in.", null);
            }


            feed.Modes = VideoDevice.ModesOf(target.Source);
            IChildProcess process = processes.Start(new ChildProcessSpec(options.Ffmpeg, command.Arguments));
            await using (process)
            {
                Volatile.Write(ref _process, new IngestProcess(process.Id, time.GetUtcNow()));
                return await RunProcessAsync(process, command, tail, cancellationToken);
            }
        }
        catch (Exception e) when (e is DependencyUnavailableException or ArgumentException or IOException)
        {
            return new Attempt(tail.Mask(e.Message), null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new Attempt("It is no longer wanted.", null);
        }
        finally
        {
            Volatile.Write(ref _process, null);
        }
    }

    private async Task<Attempt> RunProcessAsync(
        IChildProcess process, IngestCommand command, ErrorTail tail, CancellationToken cancellationToken)
    {
        Task errors = OnThread("errors", () => tail.ReadToEnd(process.Error, () => process.Signal(Kill)));
        Task reading = OnThread("pictures", () => ReadPictures(process.Output));
        try
        {
            if (command.Script is not null)
            {
                await process.Input.WriteAsync(System.Text.Encoding.UTF8.GetBytes(command.Script), cancellationToken);
            }

            await process.Input.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            LogPipeClosed(_name, e); // It ended already, or we are to end: seen just below.
        }

        (long? firstFrame, Ending ending) = await WatchAsync(reading, cancellationToken);
        Task bothRead = Task.WhenAll(reading, errors);
        await EndAsync(process, bothRead, ending is Ending.Unplugged ? Kill : Terminate);
        await bothRead.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        string? trouble = bothRead.Exception?.InnerExceptions[0] is Exception cause ? WordsOf(cause) : null;
        foreach (string line in tail.Lines)
        {
            LogSaid(_name, line);
        }

        string why = ending switch
        {
            _ when tail.IsSentOn => ErrorTail.SentOnWords,
            Ending.Stalled => StallWords(firstFrame),
            Ending.Unplugged => "The device was unplugged.",
            _ => trouble ?? tail.LastWords() ?? "The stream ended.",
        };
        return new Attempt(WithoutDevice(why), firstFrame);
    }

    /// <summary>Returns when the pictures end, stop coming, or are no longer wanted.</summary>
    private async Task<(long? FirstFrameTimestamp, Ending Ending)> WatchAsync(Task reading, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        long lastPass = began;
        long graceFrom = began;
        long? firstFrame = null;
        while (!reading.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            // First the signal, then the look: a change in between must not be missed.
            Task changed = Device.Changed;
            if (Device.IsUnplugged)
            {
                return (firstFrame, Ending.Unplugged);
            }

            await Task.WhenAny(reading, changed, Task.Delay(WatchPeriod, time, cancellationToken));
            long lastSample = feed.LastSampleTimestamp;
            firstFrame ??= lastSample == 0 ? null : lastSample;
            if (time.GetElapsedTime(lastPass) > HostStallMin)
            {
                graceFrom = time.GetTimestamp();
                LogHostStalled(_name);
            }

            lastPass = time.GetTimestamp();
            TimeSpan limit = firstFrame is null ? options.ConnectTimeout : options.StallTimeout;
            if (!reading.IsCompleted && time.GetElapsedTime(Math.Max(lastSample, graceFrom)) > limit)
            {
                return (firstFrame, Ending.Stalled);
            }
        }

        return (firstFrame ?? (feed.LastSampleTimestamp is long sample and not 0 ? sample : null), Ending.Ended);
    }

    private string StallWords(long? firstFrame) =>
        firstFrame is null
            ? $"No picture within {options.ConnectTimeout.TotalSeconds:0.#} s."
            : $"The picture stands still: nothing new for {options.StallTimeout.TotalSeconds:0.#} s.";

    private void ReadPictures(Stream output)
    {
        using var reader = new FragmentReader(output, feed);
        reader.ReadToEnd();
    }

    /// <summary>Clients know a camera by its number; where its device lies on this machine is nobody else's business.</summary>
    private string WithoutDevice(string why) => target.Source.Scheme == "v4l2"
        ? why.Replace(target.Source.Uri.AbsolutePath, "the device", StringComparison.Ordinal)
        : why;

    private static string WordsOf(Exception e) =>
        e is MalformedMediaException ? e.Message : $"The pictures could not be read ({e.GetType().Name}).";

    /// <summary>Asks it to end and takes its last pictures; disposing it then ends it in any case.</summary>
    private async Task EndAsync(IChildProcess process, Task bothRead, int signal)
    {
        process.Signal(signal);
        await Task.WhenAny(Task.WhenAll(process.Exited, bothRead), Task.Delay(TerminateGrace, time, CancellationToken.None));
        await process.DisposeAsync();
    }

    private Task OnThread(string what, Action act)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    act();
                    done.SetResult();
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    LogPipeClosed(_name, e);
                    done.SetResult(); // The pipe was closed under us: the process is gone.
                }
                catch (Exception e)
                {
                    done.SetException(e); // On a thread of our own nothing may escape: it would end the host.
                }
            },
            StackBytes)
        {
            IsBackground = true,
            Name = $"{_name} {what}",
        };
        thread.Start();
        return done.Task;
    }

    [LoggerMessage(EventId = 5301, Level = LogLevel.Information,
        Message = "{Camera}: the connection ended after {AfterS:0.0} s: {Why} Next attempt in {PauseS:0.0} s")]
    private partial void LogEnded(string camera, string why, double afterS, double pauseS);

    [LoggerMessage(EventId = 5302, Level = LogLevel.Debug, Message = "{Camera}: ffmpeg said: {Line}")]
    private partial void LogSaid(string camera, string line);

    [LoggerMessage(EventId = 5303, Level = LogLevel.Warning, Message = "{Camera}: the host stood still; one watch is skipped")]
    private partial void LogHostStalled(string camera);

    [LoggerMessage(EventId = 5304, Level = LogLevel.Debug, Message = "{Camera}: a pipe to ffmpeg closed early")]
    private partial void LogPipeClosed(string camera, Exception exception);

    private enum Ending
    {
        Ended,
        Stalled,
        Unplugged,
    }

    /// <param name="FirstFrameTimestamp">By the steady clock; null when no picture came.</param>
    private readonly record struct Attempt(string Why, long? FirstFrameTimestamp);
}
