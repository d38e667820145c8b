using Xunit;

namespace Events.Tests.Integration.Kit;

/// <summary>Tests that measure time: no other runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
