"""An os-ken application: a learning switch for OpenFlow 1.0 and 1.3 to 1.5, run by osken-manager. OSKEN_VERSION ("1.4") names the only
version that it speaks."""

import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_0, ofproto_v1_3, ofproto_v1_4, ofproto_v1_5

VERSIONS = {"1.0": ofproto_v1_0, "1.3": ofproto_v1_3, "1.4": ofproto_v1_4, "1.5": ofproto_v1_5}


class Learning(app_manager.OSKenApp):
    OFP_VERSIONS = [VERSIONS[os.environ["OSKEN_VERSION"]].OFP_VERSION] if "OSKEN_VERSION" in os.environ else [
        ofproto_v1_0.OFP_VERSION, ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.port_of = {}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def features(self, ev):
        dp = ev.msg.datapath
        if dp.ofproto.OFP_VERSION >= ofproto_v1_3.OFP_VERSION:
            p, o = dp.ofproto_parser, dp.ofproto
            miss = [p.OFPActionOutput(o.OFPP_CONTROLLER, o.OFPCML_NO_BUFFER)]
            dp.send_msg(p.OFPFlowMod(datapath=dp, priority=0, match=p.OFPMatch(),
                                     instructions=[p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, miss)]))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, ev):
        msg, dp = ev.msg, ev.msg.datapath
        p, o = dp.ofproto_parser, dp.ofproto
        old = o.OFP_VERSION < ofproto_v1_3.OFP_VERSION
        in_port = msg.in_port if old else msg.match["in_port"]
        eth = packet.Packet(msg.data).get_protocol(ethernet.ethernet)
        self.port_of[eth.src] = in_port
        out = self.port_of.get(eth.dst, o.OFPP_FLOOD)
        actions = [p.OFPActionOutput(out)]
        if out != o.OFPP_FLOOD:
            if old:
                match = p.OFPMatch(in_port=in_port, dl_dst=eth.dst)
                dp.send_msg(p.OFPFlowMod(datapath=dp, match=match, cookie=0, command=o.OFPFC_ADD, priority=1,
                                         actions=actions))
            else:
                match = p.OFPMatch(in_port=in_port, eth_dst=eth.dst)
                dp.send_msg(p.OFPFlowMod(datapath=dp, priority=1, match=match,
                                         instructions=[p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, actions)]))
        where = {"match": p.OFPMatch(in_port=in_port)} if o.OFP_VERSION >= ofproto_v1_5.OFP_VERSION else {"in_port": in_port}
        dp.send_msg(p.OFPPacketOut(datapath=dp, buffer_id=msg.buffer_id, actions=actions, data=msg.data, **where))
