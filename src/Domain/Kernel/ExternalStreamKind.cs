namespace Events.Domain.Kernel;

/// <summary>What kind of source an external stream is, as far as the way of finding it differs.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum ExternalStreamKind
{
    GenericRtsp = 1,

    /// <summary>A Skydio drone: electro-optical and infra-red pictures on two ports.</summary>
    SkydioStanag4609 = 2,
}
