using Events.Application.Contracts;
using Events.Domain.Retention;

namespace Events.Application.Retention;

/// <summary>How full the disk is at this moment.</summary>
public sealed record StorageReading(StorageUsage Usage, StorageLevel Level);

/// <summary>
/// Measures the disk for all who ask, by one rule and with one memory, so that a warning, a refusal and a fact never contradict
/// each other for long: the log decides, and the keeper tells.
/// </summary>
public sealed class StorageWatch(IFootage footage, StorageRule rule)
{
    private readonly Lock _gate = new();
    private StorageLevel _level = StorageLevel.Normal;

    public StorageRule Rule => rule;

    /// <exception cref="DependencyUnavailableException">The storage folder is not there.</exception>
    public StorageReading Look()
    {
        StorageUsage usage = footage.Usage();
        lock (_gate)
        {
            _level = rule.LevelAfter(_level, usage.UsedPercent);
            return new StorageReading(usage, _level);
        }
    }

    /// <summary>What the log says; the next look goes on from there.</summary>
    public void Recall(StorageLevel level)
    {
        lock (_gate)
        {
            _level = level;
        }
    }
}
