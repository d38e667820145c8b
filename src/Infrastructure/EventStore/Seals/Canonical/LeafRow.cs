namespace Events.EventStore.Seals.Canonical;

/// <summary>A column's bytes, or SQL's NULL, which is something else than no bytes.</summary>
internal readonly ref struct Column
{
    public Column(ReadOnlySpan<byte> bytes)
    {
        Bytes = bytes;
        IsPresent = true;
    }

    public static Column Null => default;

    public bool IsPresent { get; }

    public ReadOnlySpan<byte> Bytes { get; }
}

/// <summary>A fact as it is stored: every column of <c>mt_events</c> but <c>is_archived</c>, which may change in place.</summary>
internal ref struct LeafRow
{
    public long SeqId;
    public Guid Id;
    public Column StreamId;
    public long Version;

    /// <summary>jsonb's text. Never NULL in the table.</summary>
    public Column Data;

    public Column BinaryData;
    public Column Type;

    /// <summary>As <see cref="LeafTime"/> takes it: microseconds since 2000-01-01 UTC, as PostgreSQL sends them.</summary>
    public long Timestamp;

    public Column TenantId;
    public Column DotNetType;
    public Column CorrelationId;
    public Column CausationId;

    /// <summary>jsonb's text.</summary>
    public Column Headers;

    public Column UserName;
}
